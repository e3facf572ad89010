export default function Home() {
  return <p>Jobs</p>;
}
