/** The addresses of the app itself. */

/** Return whether an address is one of the app's own, by the variables that name them. */
export function isTheApp(url: string): boolean {
  const hostOf = (text: string) =>
    text
      .replace(/^[a-z]+:\/\//i, "")
      .split(/[/?#]/)[0]
      ?.toLowerCase();
  const names = [
    "CRONSHIFT_BASE_URL",
    "VERCEL_URL",
    "VERCEL_BRANCH_URL",
    "VERCEL_PROJECT_PRODUCTION_URL",
  ];
  return names.some((name) => {
    const address = process.env[name];
    return address && hostOf(address) === hostOf(url);
  });
}
