"""Routes that others call too, as routes that have the job done by an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct.javascript.sending import sending_route

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.targets.direct import Kept

PAGE = "pages/api/cron/x.ts"
CLIENT = 'import { inngest } from "../../../lib/client";'
HEAD = """import type { NextApiRequest, NextApiResponse } from "next";
"""


def sent(root: Path, text: str) -> str | Kept:
    file = root / PAGE
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return sending_route(SourceTree(root), PAGE, "default", CLIENT, '"app/x"')


def test_a_page_keeps_whom_it_turns_away_and_sends_an_event(tmp_path: Path) -> None:
    text = f"""{HEAD}import {{ run }} from "@/lib/run";

type Ran = {{ rows: number }};

export default async function handler(req: NextApiRequest, res: NextApiResponse<Ran>) {{
  if (req.method !== "POST" && req.method !== "GET") {{
    return res.status(405).end();
  }}
  if (req.headers.authorization !== `Bearer ${{process.env.CRON_SECRET}}`) {{
    return res.status(401).end();
  }}
  const rows = await run();
  return res.status(200).json({{ rows }});
}}
"""
    assert (
        sent(tmp_path, text)
        == f"""{HEAD}{CLIENT}

export default async function handler(req: NextApiRequest, res: NextApiResponse) {{
  if (req.method !== "POST" && req.method !== "GET") {{
    return res.status(405).end();
  }}
  if (req.headers.authorization !== `Bearer ${{process.env.CRON_SECRET}}`) {{
    return res.status(401).end();
  }}
  await inngest.send({{ name: "app/x" }});
  res.status(202).json({{ queued: true }});
}}
"""
    )


def test_a_page_that_works_before_it_checks_stays(tmp_path: Path) -> None:
    text = f"""{HEAD}export default async function handler(req: NextApiRequest, res: NextApiResponse) {{
  const rows = await run();
  if (req.headers.authorization !== "Bearer x") return res.status(401).end();
  return res.status(200).json({{ rows }});
}}
"""
    kept = sent(tmp_path, text)
    assert str(kept) == f"{PAGE}:3: does work before it checks the caller"


def test_a_page_without_a_name_for_its_answer_stays(tmp_path: Path) -> None:
    kept = sent(tmp_path, "export default async function handler() {\n  await run();\n}\n")
    assert str(kept) == f"{PAGE}:1: answers in a way that is not read"


def test_a_loader_answers_without_what_remix_2_does_not_fill_in(tmp_path: Path) -> None:
    route = tmp_path / "app/routes/api.cron.x.ts"
    route.parent.mkdir(parents=True)
    route.write_text("export async function loader() {\n  await run();\n  return null;\n}\n")
    file = route.relative_to(tmp_path).as_posix()
    sent = sending_route(SourceTree(tmp_path), file, "loader", CLIENT, '"app/x"')
    assert "return new Response(JSON.stringify({ queued: true }), { status: 202 });" in str(sent)
