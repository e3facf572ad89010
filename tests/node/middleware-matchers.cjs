// Which of the paths each matcher takes, as Next's own compiler reads it.
const { getMiddlewareMatchers } = require("next/dist/build/analysis/get-page-static-info");
const [pairs, paths] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const taken = (source) => {
  const [{ regexp }] = getMiddlewareMatchers([source], {});
  return paths.map((path) => new RegExp(regexp).test(path));
};
console.log(JSON.stringify(pairs.map((pair) => pair.map(taken))));
