import { pageJob } from "../../../lib/jobs";
import { ask } from "../../../lib/upstream";

export default pageJob(async () => {
  const { rows } = await ask("rows");
  return { rows };
});
