export default function Page() {
  return <h1>Polls</h1>;
}
