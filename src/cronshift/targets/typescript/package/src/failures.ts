/** What is said of failures. */

/** Log why a job failed for good. */
export function reportFailure(job: { id: string }, error: unknown): string {
  console.error(`${job.id} failed: ${messageOf(error)}`);
  return "no heartbeat is set";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
