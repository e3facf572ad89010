import { redirect } from "@solidjs/router";

export const GET = () => redirect("/login", 303);
