import type { Handle } from "@sveltejs/kit";

export const handle: Handle = ({ event, resolve }) => {
  event.locals.name = "of the hook";
  return resolve(event);
};
