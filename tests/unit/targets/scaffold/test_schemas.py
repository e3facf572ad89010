"""What apps say of their tables, in the shapes that people write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from cronshift.handlers.tree import SourceTree
from cronshift.targets.scaffold.labels import Phase, phase_of
from cronshift.targets.scaffold.schema import ColumnKind, SchemaSource, read_schema
from cronshift.targets.scaffold.schema.prisma import read_prisma

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.targets.scaffold.schema import AppSchema


def read(root: Path, **files: str) -> AppSchema:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_ts", ".ts").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    schema = read_schema(SourceTree(root))
    assert schema is not None
    return schema


def test_a_drizzle_table_of_sqlite_by_the_projects_own_maker(tmp_path: Path) -> None:
    code = """
    import { sqliteTableCreator, integer, text } from "drizzle-orm/sqlite-core";
    export const createTable = sqliteTableCreator((name) => `shop_${name}`);
    const base = { id: integer("id").primaryKey(), createdAt: integer("created_at", { mode: "timestamp" }) };
    export const jobs = createTable("jobs", {
      ...base,
      state: text("state", { enum: ["waiting", "done"] }).notNull().default("waiting"),
      tags: text("tags", { mode: "json" }),
    });
    """
    schema = read(tmp_path, schema_ts=code)
    assert (schema.source, schema.dialect) == (SchemaSource.DRIZZLE, "sqlite")
    (jobs,) = schema.models
    kinds = {column.name: column.kind for column in jobs.fields}
    assert kinds["created_at"] is ColumnKind.TIME
    state = jobs.field("state")
    assert state is not None
    assert state.states is not None
    assert (state.states.labels, state.states.database) == (("waiting", "done"), None)
    assert (state.default, jobs.key and jobs.key.name) == ("waiting", "id")


def test_drizzle_names_follow_the_casing_of_its_configuration(tmp_path: Path) -> None:
    code = """
    import { pgTable, text } from "drizzle-orm/pg-core";
    export const jobs = pgTable("jobs", (t) => ({ ownerId: t.text().notNull() }));
    """
    (tmp_path / "drizzle.config.ts").write_text('export default { casing: "snake_case" };')
    (jobs,) = read(tmp_path, schema_ts=code).models
    assert [column.name for column in jobs.fields] == ["owner_id"]


def test_sqlmodel_classes_and_values_for_labels(tmp_path: Path) -> None:
    code = """
import enum
from sqlalchemy import Column, Enum
from sqlmodel import Field, SQLModel

class State(str, enum.Enum):
    NEW = "new"
    OVER = "over"

class Shape(SQLModel):
    pass

class Job(SQLModel, table=True):
    id: int = Field(primary_key=True)
    owner: str = Field(foreign_key="users.id")
    by_value: State = Field(sa_column=Column(Enum(State, values_callable=lambda e: [i.value for i in e])))
    as_text: State = Field(sa_column=Column(Enum(State, native_enum=False)))
    note: str | None = None
"""
    (job,) = read(tmp_path, models_py=code).models
    columns = {column.name: column for column in job.fields}
    assert (job.name, columns["owner"].references) == ("job", ("users", "id"))
    by_value, as_text = columns["by_value"].states, columns["as_text"].states
    assert by_value is not None
    assert as_text is not None
    assert (by_value.labels, by_value.database) == (("new", "over"), "state")
    assert (as_text.labels, as_text.database) == (("NEW", "OVER"), None)


def test_a_prisma_schema_in_several_files_anywhere(tmp_path: Path) -> None:
    schema = read(
        tmp_path,
        **{
            "packages__db__schema__user.prisma": "model User {\n  id Int @id\n}\n",
            "packages__db__schema__job.prisma": "model Job {\n  id Int @id\n  userId Int\n"
            "  user User @relation(fields: [userId], references: [id])\n}\n",
        },
    )
    job = schema.model("Job")
    assert job is not None
    assert [column.references for column in job.fields] == [None, ("User", "id")]


@given(st.text())
def test_any_text_is_a_schema_or_none(text: str) -> None:
    read_prisma({"schema.prisma": text})
    read_prisma({"schema.prisma": f"model A {{\n{text}\n}}\nenum B {{\n{text}\n}}\n"})


def test_labels_say_where_a_session_stands() -> None:
    phases = {
        "IN_PROGRESS": Phase.PROCESSING,
        "completedAt": Phase.FINISHED,
        "generation-failed": Phase.FAILED,
        "PENDING": Phase.WAITING,
        "archived": None,
    }
    assert {label: phase_of(label) for label in phases} == phases
