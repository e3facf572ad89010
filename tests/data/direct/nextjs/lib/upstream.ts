/** Everything that these routes read and write lives behind one address. */
export async function ask(name: string, body?: unknown): Promise<any> {
  const response = await fetch(`${process.env.UPSTREAM_URL}/${name}`, {
    method: body === undefined ? "GET" : "POST",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.json();
}
