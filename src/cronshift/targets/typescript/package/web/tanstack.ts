/** TanStack Start's routes, asked in process. */
import server from "@tanstack/react-start/server-entry";

import type { Route } from "./calls";

/** The app's own answer, its middleware and all, as to a request from outside. */
export const answered: Route = (request) => server.fetch(request);
