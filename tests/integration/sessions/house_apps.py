"""Small apps with a table of paid work, as people write them: for tests of what is read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PRISMA_SCHEMA = """\
generator client {
  provider = "prisma-client"
  output   = "../src/generated/prisma"
}

datasource db {
  provider = "postgresql"
  url      = env("STUDIO_DATABASE_URL")
}

/// What a render is doing
enum RenderStatus {
  PENDING
  RENDERING
  DONE
  FAILED

  @@map("render_status")
}

model User {
  id      String   @id @default(cuid())
  email   String   @unique
  credits Int      @default(3)
  renders Render[]

  @@map("users")
}

model Session {
  id        String   @id
  userId    String   @map("user_id")
  token     String   @unique
  expiresAt DateTime @map("expires_at")

  @@map("sessions")
}

model Render {
  id          String       @id @default(cuid())
  ownerId     String       @map("owner_id")
  owner       User         @relation(fields: [ownerId], references: [id])
  status      RenderStatus @default(PENDING)
  creditsUsed Int          @default(1) @map("credits_used")
  prompt      String
  failReason  String?      @map("fail_reason")
  createdAt   DateTime     @default(now()) @map("created_at")
  startedAt   DateTime?    @map("started_at")
  finishedAt  DateTime?    @map("finished_at")
  updatedAt   DateTime     @updatedAt @map("updated_at")
  entries     Entry[]

  @@map("renders")
}

enum EntryKind {
  PURCHASE
  REFUND
}

model Entry {
  id       Int       @id @default(autoincrement())
  renderId String    @map("render_id")
  render   Render    @relation(fields: [renderId], references: [id])
  kind     EntryKind
  amount   Int

  @@map("entries")
}
"""
PRISMA_SQL = """
CREATE TYPE render_status AS ENUM ('PENDING', 'RENDERING', 'DONE', 'FAILED');
CREATE TYPE "EntryKind" AS ENUM ('PURCHASE', 'REFUND');
CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL UNIQUE, credits integer NOT NULL DEFAULT 3);
CREATE TABLE sessions (id text PRIMARY KEY, user_id text NOT NULL, token text NOT NULL UNIQUE,
  expires_at timestamp(3) NOT NULL);
CREATE TABLE renders (id text PRIMARY KEY, owner_id text NOT NULL REFERENCES users (id),
  status render_status NOT NULL DEFAULT 'PENDING', credits_used integer NOT NULL DEFAULT 1,
  prompt text NOT NULL, fail_reason text, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  started_at timestamp(3), finished_at timestamp(3), updated_at timestamp(3) NOT NULL);
CREATE TABLE entries (id serial PRIMARY KEY, render_id text NOT NULL REFERENCES renders (id),
  kind "EntryKind" NOT NULL, amount integer NOT NULL);
"""
PRISMA_APP = {
    "prisma/schema.prisma": PRISMA_SCHEMA,
    "prisma/migrations/20260101000000_init/migration.sql": PRISMA_SQL,
    "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    "src/server/db.ts": 'import { PrismaClient } from "../generated/prisma/client";\n\n'
    "export const db = new PrismaClient();\n",
    "src/server/renders.ts": 'import { db } from "~/server/db";\n\n'
    "export const all = () => db.render.findMany({ where: {} });\n",
    "src/server/users.ts": 'import { db } from "./db";\n\nexport const me = (id: string) =>\n'
    "  db.user.findUnique({ where: { id } });\n",
}

DRIZZLE_SCHEMA = """\
import { integer, pgEnum, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { times } from "./times";

export const songStatus = pgEnum("song_status", [
  "waiting",
  "composing",
  "ready",
  "failed",
]);

export const users = pgTable("users", {
  id: text("id").primaryKey(),
  coins: integer("coins").notNull().default(0),
});

export const songs = pgTable(
  "songs",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    userId: text("user_id").notNull().references(() => users.id, { onDelete: "cascade" }),
    status: songStatus("status").notNull().default("waiting"),
    styles: text("styles").array().notNull(),
    errorMessage: text("error_message"),
    ...times,
  },
  (table) => [],
);

export const tracks = pgTable("tracks", {
  id: uuid("id").primaryKey(),
  songId: uuid("song_id").notNull().references(() => songs.id),
});
"""
DRIZZLE_JOURNAL = """{
  "version": "7",
  "dialect": "postgresql",
  "entries": [
    {"idx": 0, "version": "7", "when": 1893456000000, "tag": "0000_first", "breakpoints": true}
  ]
}"""
DRIZZLE_SNAPSHOT = """{
  "id": "0b7b1d1e-7a3f-4a53-9a34-0d4b52e3a111",
  "prevId": "00000000-0000-0000-0000-000000000000",
  "version": "7",
  "dialect": "postgresql",
  "tables": {},
  "enums": {
    "public.song_status": {
      "name": "song_status", "schema": "public", "values": ["waiting", "composing", "ready", "failed"]
    }
  },
  "schemas": {}, "sequences": {}, "roles": {}, "policies": {}, "views": {},
  "_meta": {"columns": {}, "schemas": {}, "tables": {}}
}"""
DRIZZLE_APP = {
    "drizzle.config.ts": 'import { defineConfig } from "drizzle-kit";\n\nexport default defineConfig({\n'
    '  schema: "./src/db/schema.ts",\n  out: "./drizzle",\n  dialect: "postgresql",\n'
    "  dbCredentials: { url: process.env.SONGS_URL! },\n});\n",
    "src/db/schema.ts": DRIZZLE_SCHEMA,
    "src/db/times.ts": 'import { timestamp } from "drizzle-orm/pg-core";\n\nexport const times = {\n'
    '  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),\n'
    '  updatedAt: timestamp("updated_at").$onUpdate(() => new Date()),\n};\n',
    "src/db/index.ts": 'import { drizzle } from "drizzle-orm/node-postgres";\n\n'
    "export const db = drizzle(process.env.SONGS_URL!);\n",
    "drizzle/0000_first.sql": "SELECT 1;\n",
    "drizzle/meta/_journal.json": DRIZZLE_JOURNAL,
    "drizzle/meta/0000_snapshot.json": DRIZZLE_SNAPSHOT,
}

MODELS = '''\
import enum
import uuid
from datetime import datetime

from sqlalchemy import Enum, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Stamped:
    created_at: Mapped[datetime] = mapped_column(default=datetime.now)


class JobState(str, enum.Enum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class User(Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    credit_balance: Mapped[int] = mapped_column(default=0)


class Job(Stamped, Base):
    """A paid job."""

    __tablename__ = "jobs"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    status: Mapped[JobState] = mapped_column(Enum(JobState, name="job_state"), default=JobState.PENDING)
    error: Mapped[str | None]
'''
ALEMBIC_ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

from models import Base

target_metadata = Base.metadata

engine = create_engine(os.environ["APP_URL"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
FIRST_REVISION = '''\
"""first"""

from alembic import op

revision: str = "aaa111"
down_revision: str | None = None


def upgrade() -> None:
    op.execute("CREATE TYPE job_state AS ENUM ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED')")
    op.execute("CREATE TABLE users (id varchar PRIMARY KEY, credit_balance integer NOT NULL)")
    op.execute(
        "CREATE TABLE jobs (id uuid PRIMARY KEY, user_id varchar NOT NULL REFERENCES users (id),"
        " status job_state NOT NULL, error varchar, created_at timestamp NOT NULL)"
    )
'''
CHARGE = "def charge(user: User) -> None:\n    user.credit_balance -= 4\n"
ALEMBIC_APP = {
    "models.py": MODELS,
    "billing.py": f"from models import User\n\n\n{CHARGE}",
    "alembic.ini": "[alembic]\nscript_location = %(here)s/db\nprepend_sys_path = .\n",
    "db/env.py": ALEMBIC_ENV,
    "db/script.py.mako": '"""${message}"""\nrevision = ${repr(up_revision)}\n'
    "down_revision = ${repr(down_revision)}\n\n\ndef upgrade():\n    ${upgrades}\n",
    "db/versions/first.py": FIRST_REVISION,
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file() and not {"node_modules", ".cronshift", "__pycache__"} & set(file.parts)
    }
