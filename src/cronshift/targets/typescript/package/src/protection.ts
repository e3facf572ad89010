/** The app's own deployment protection, which its own requests are to pass. */

/** Return the header that passes it, where Vercel gives its secret. */
export function bypassHeaders(): Record<string, string> {
  const secret = process.env["VERCEL_AUTOMATION_BYPASS_SECRET"]?.trim() ?? "";
  const isClean = /^[\x21-\x7e]+$/.test(secret);
  return isClean ? { "x-vercel-protection-bypass": secret } : {};
}
