"""A chunk of sessions in PostgreSQL: one statement that settles it, and the look at the balances behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Numeric,
    Select,
    Text,
    and_,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from sqlalchemy import CTE, Connection
    from sqlalchemy.sql.expression import ColumnElement

    from cronshift.sessions.chunks import IdRange
    from cronshift.sessions.mapping import Mapped
    from cronshift.sessions.sweeping import Sweep


def chunk_statement(mapped: Mapped, sweep: Sweep, ids: IdRange) -> Select[Any]:
    """Return the statement that does a chunk, and tells its results."""
    # Between two ids the planner walks the key; with a limit it would read the whole table.
    picking = select(
        mapped.id.label("session_id"),
        mapped.user.label("user_id"),
        sweep.owed(mapped, unpaid=ids.unpaid).label("owed"),
    ).where(sweep.where, ids.holds(mapped, sweep))
    marks = sweep.marks(mapped)
    # A row that is marked is judged anew as it is locked; what the app paid is looked at behind the lock.
    marks_only = sweep.becomes is not None and mapped.settings.refunded is None
    if not marks_only:
        picking = picking.with_for_update(of=mapped.sessions, skip_locked=sweep.becomes is None)
    picked = picking.cte("picked").prefix_with("MATERIALIZED")  # what is owed is worked out once
    funded = select(mapped.account).where(
        mapped.is_account_of(picked.c.user_id), mapped.balance.is_not(None)
    )
    payable = (
        select(picked)
        .where(or_(picked.c.owed <= 0, and_(picked.c.owed > 0, funded.exists())))
        .cte("payable")
    )
    marked = _marked(mapped, sweep, ids, payable) if marks else payable
    refunds = mapped.ours.refunds.c
    owed = select(marked).where(marked.c.owed > 0).cte("owed")
    sums = (
        select(owed.c.user_id, func.sum(owed.c.owed).label("amount"))
        .group_by(owed.c.user_id)
        .cte("sums")
    )
    before = (
        select(mapped.account.label("account"), mapped.balance.label("balance"), sums)
        .where(mapped.is_account_of(sums.c.user_id))
        .with_for_update(of=mapped.users)
        .cte("before")
    )
    moved = (
        update(mapped.users)
        .where(mapped.account == before.c.account)
        .values(**sweep.movements(mapped, before.c.amount))
        .returning(
            mapped.account.label("account"),
            before.c.user_id,
            (before.c.balance + before.c.amount).label("balance"),
        )
        .cte("moved")
    )
    rows = sweep.refund_rows(mapped, owed).where(owed.c.user_id == moved.c.user_id)
    names = [str(column.key) for column in rows.selected_columns]
    paid = (
        insert(mapped.ours.written.refunds)
        .from_select(names, rows)
        .returning(refunds.amount)
        .cte("paid")
    )
    unmoved = select(func.array_agg(cast(sums.c.user_id, Text))).where(
        ~select(moved.c.user_id).where(moved.c.user_id == sums.c.user_id).exists()
    )
    totals = select(
        func.count().label("refunded"), func.coalesce(func.sum(paid.c.amount), 0).label("amount")
    ).select_from(paid)
    return select(
        select(func.count()).select_from(marked).scalar_subquery().label("marked"),
        *totals.subquery("totals").c,
        unmoved.scalar_subquery().label("unmoved"),
        select(func.array_agg(moved.c.account)).scalar_subquery().label("accounts"),
        select(func.array_agg(moved.c.balance)).scalar_subquery().label("balances"),
    )


def _marked(mapped: Mapped, sweep: Sweep, ids: IdRange, payable: CTE) -> CTE:
    # The range once more, for else the planner reads the whole table for every chunk.
    marking = update(mapped.sessions).where(
        mapped.id == payable.c.session_id, sweep.where, ids.spans(mapped)
    )
    return (
        marking.values(**sweep.marks(mapped))
        .returning(payable.c.session_id, payable.c.user_id, payable.c.owed)
        .cte("marked")
    )


def users_unmoved(
    connection: Connection, mapped: Mapped, accounts: list[Any], balances: list[Any]
) -> list[Any]:
    """Return the users whose balance differs from the one set, as by a trigger or a view."""
    if not accounts:
        return []
    account: ColumnElement[Any] = mapped.account
    kind = mapped.account.type
    if type(kind).__name__ in {"NullType", "DOMAIN"}:
        account, kind, accounts = cast(account, Text), Text(), [str(each) for each in accounts]
    expected = (
        func.unnest(
            cast(literal(accounts, postgresql.ARRAY(kind)), postgresql.ARRAY(kind)),
            cast(literal(balances, postgresql.ARRAY(Numeric)), postgresql.ARRAY(Numeric)),
        )
        .table_valued("account", "balance")
        .render_derived(name="expected")
    )
    users = (
        select(cast(account, Text))
        .select_from(expected)
        .join(mapped.users, account == expected.c.account)
    )
    differs = mapped.balance.is_distinct_from(expected.c.balance)
    return list(connection.execute(users.where(differs)).scalars())
