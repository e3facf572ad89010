import { NextResponse } from "next/server";

type Reply<T> = { success: boolean; data?: T; error?: string };

export function fail(message: string, status = 500) {
  return NextResponse.json({ error: message }, { status });
}

export function ok<T>(data: T, message?: string): NextResponse {
  const reply: Reply<T> & { message?: string } = {
    success: true,
    ...(message && { message }),
    data,
  };
  return NextResponse.json(reply);
}

export const problem = (error: string, status: number = 400, code?: string) => {
  const body: Reply<never> & { code?: string } = { success: false, error };
  console.error("answering", error);
  if (code !== undefined) body.code = code;
  return NextResponse.json<Reply<never>>(body, { status });
};

const reply = (status: number, body: object, init?: ResponseInit) =>
  Response.json({ ...body, status }, { status, ...init });

export const Answers = {
  done: (body: object) => reply(200, body),
  later() {
    return reply(503, { later: true });
  },
};
