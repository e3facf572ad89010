"""What asks for sessions and what shows them: as a diff where the code shows how, else on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.integration.nextjs.session_app import NOW
from tests.integration.sessions.house_apps import PRISMA_APP, tree, write

from cronshift import operations
from cronshift.targets.scaffold import prepare_scaffold

if TYPE_CHECKING:
    from pathlib import Path

APP = {
    **PRISMA_APP,
    "vercel.json": '{"crons": []}',
    "package.json": '{"dependencies": {"next": "16.0.0", "inngest": "4.24.0", "@prisma/client": "6"}}',
    "tsconfig.json": '{"compilerOptions": {"paths": {"~/*": ["./src/*"]}}}',
    "src/app/page.tsx": "export default function Page() {\n  return null;\n}\n",
}
ROUTER = """\
import { TRPCError } from "@trpc/server";

import { createTRPCRouter, protectedProcedure } from "~/server/api/trpc";
import { startRender } from "~/server/gpu";

export const renders = createTRPCRouter({
  create: protectedProcedure.mutation(async ({ ctx, input }) => {
    const { count } = await ctx.db.user.updateMany({
      where: { id: ctx.session.user.id, credits: { gte: 2 } },
      data: { credits: { decrement: 2 } },
    });
    if (count === 0) {
      throw new TRPCError({ code: "BAD_REQUEST" });
    }

    const render = await ctx.db.render.create({
      data: { ownerId: ctx.session.user.id, prompt: input.prompt, status: "PENDING" },
    });
    await startRender(render.id);
    await ctx.log("started", render.id);
    return { id: render.id };
  }),
});
"""
ACTION = """\
"use server";

import { auth } from "~/server/auth";
import { db } from "~/server/db";

export async function ask(prompt: string) {
  const { userId } = await auth();
  await db.user.update({ where: { id: userId }, data: { credits: { decrement: 1 } } });
  const render = await db.render.create({ data: { ownerId: userId, prompt } });
  return render.id;
}
"""
SHOWN = """\
"use client";

export function Render({ status }: { status: string }) {
  const busy = ["PENDING", "RENDERING"].includes(status);
  if (status === "PENDING" || busy) return <p>Soon</p>;
  return <p>{status !== "PENDING" && status}</p>;
}
"""


def scaffold(root: Path, **files: str) -> dict[str, str]:
    """Write an app with more files, scaffold its sessions, and return its texts; it is taken back."""
    named = {name.replace("__", "/").replace("_ts", ".ts"): text for name, text in files.items()}
    write(root, {**APP, **named})
    before = tree(root)
    operation = prepare_scaffold(root, NOW, target="nextjs")
    operations.apply(root, operation)
    assert prepare_scaffold(root, NOW, target="nextjs").changes == ()
    after = {path: data.decode() for path, data in tree(root).items()}
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree(root) == before
    return after


def test_a_procedure_asks_through_the_flow(tmp_path: Path) -> None:
    files = scaffold(tmp_path, src__server__router_ts=ROUTER)
    assert files["src/server/router.ts"] == snapshot("""\
import { TRPCError } from "@trpc/server";

import { createTRPCRouter, protectedProcedure } from "~/server/api/trpc";
import { startRender } from "~/server/gpu";
import { NotEnoughCreditsError, requestSession } from "~/lib/inngest/sessions";

export const renders = createTRPCRouter({
  create: protectedProcedure.mutation(async ({ ctx, input }) => {
    const { sessionId } = await requestSession({
      userId: ctx.session.user.id,
      cost: 2,
      values: {
        prompt: input.prompt,
      },
      legacy: async (sessionId) => {
        await startRender(sessionId);
        await ctx.log("started", sessionId);
      },
    }).catch((error: unknown) => {
      if (error instanceof NotEnoughCreditsError) {
        throw new TRPCError({ code: "BAD_REQUEST" });
      }
      throw error;
    });
    return { id: sessionId };
  }),
});
""")
    assert "asks through `requestSession` already" in files["src/lib/inngest/sessions/README.md"]


def test_an_action_asks_through_the_flow(tmp_path: Path) -> None:
    files = scaffold(tmp_path, src__server__ask_ts=ACTION)
    assert files["src/server/ask.ts"] == snapshot("""\
"use server";

import { auth } from "~/server/auth";
import { db } from "~/server/db";
import { requestSession } from "~/lib/inngest/sessions";

export async function ask(prompt: string) {
  const { userId } = await auth();
  const { sessionId } = await requestSession({
    userId: userId,
    cost: 1,
    values: {
      prompt: prompt,
    },
    legacy: async () => undefined,
  });
  return sessionId;
}
""")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ownerId: userId, prompt", "ownerId: input.userId, prompt"),  # whoever the request names
        ("ownerId: userId, prompt", "owner: { connect: { id: userId } }, prompt"),
        ("ownerId: userId, prompt", "ownerId: userId, ...rest"),
        ("return render.id", "return render"),
        ("await db.user.update", "await other.user.change"),
    ],
)
def test_what_does_not_show_how_stands_on_the_page(tmp_path: Path, before: str, after: str) -> None:
    code = ACTION.replace(before, after).replace("change({ where: { id: userId }, data: {", "x({")
    code = code.replace("x({ credits: { decrement: 1 } }", "x({}")
    files = scaffold(tmp_path, src__server__ask_ts=code)
    assert files["src/server/ask.ts"] == code
    page = files["src/lib/inngest/sessions/README.md"]
    assert "### `src/server/ask.ts:9` (server action)" in page
    assert ("Who calls is not seen there" in page) is ("ownerId: userId" not in code)


def test_a_client_shows_a_session_that_waits(tmp_path: Path) -> None:
    files = scaffold(tmp_path, **{"src__app__render.tsx": SHOWN})
    assert files["src/app/render.tsx"] == SHOWN.replace(
        '["PENDING",', '["PENDING", "QUEUED",'
    ).replace('(status === "PENDING" ||', '((status === "PENDING" || status === "QUEUED") ||')


def test_an_app_that_exports_no_client_gets_one_of_its_own_generator(tmp_path: Path) -> None:
    nothing = "export {};\n"
    names = ("src__server__db_ts", "src__server__renders_ts", "src__server__users_ts")
    files = scaffold(tmp_path, **dict.fromkeys(names, nothing))
    connection = files["src/lib/inngest/sessions/connection.ts"]
    assert 'import { PrismaClient } from "../../../generated/prisma/client";' in connection
    assert "@prisma/client" not in connection
