/** Everything that this app reads and writes lives behind one address. */
export async function upstream(name: string, query = ""): Promise<unknown> {
  const answer = await fetch(`${process.env.UPSTREAM_URL}/${name}${query}`, {
    cache: "no-store",
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}
