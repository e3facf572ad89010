import { env } from "$env/dynamic/private";

/** Have the digest sent to everybody who has asked for it, and return how many that are. */
export async function sendDigest(): Promise<number> {
  const answer = await fetch(`${env.MAIL_URL}/digest`, { method: "POST" });
  if (!answer.ok) throw new Error(`the mail service answered ${answer.status}`);
  const { sent } = await answer.json();
  return sent;
}
