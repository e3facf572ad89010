"""Operations: every change of a project goes through here (DESIGN 5.5).

An :class:`Operation` is a list of changes with their before- and after-images. It is journaled
before anything is touched, applied file by file with atomic renames, and can be finished or
reverted after a crash at any instant.

The world itself is the record of how far an operation got: a file that equals its before-image is
still to do, one that equals its after-image is done, and one that equals neither was changed by
somebody else, so nothing is touched.
"""

from cronshift.operations.abandoning import FileStanding, abandon, standings
from cronshift.operations.building import Edit, Seen, build_operation, new_operation_id
from cronshift.operations.changes import (
    AddEpoch,
    AddToNumber,
    Call,
    CallService,
    Change,
    ChangeKind,
    DeleteFile,
    EditEntries,
    EditSettings,
    FileImage,
    KeptAt,
    MakeMonitor,
    MoveFile,
    RemoteAction,
    RemoveGuard,
    RunSql,
    WriteFile,
)
from cronshift.operations.engine import apply, finish, refuse_begun, refuse_late, revert
from cronshift.operations.journal import (
    Journal,
    Record,
    UnreadableRecord,
    decode,
    encode,
    find,
    history,
    past_operations,
    read_journal,
    read_operation,
    read_record,
    refuse_unfinished,
    unfinished,
)
from cronshift.operations.model import Intent, Operation, State

__all__ = [
    "AddEpoch",
    "AddToNumber",
    "Call",
    "CallService",
    "Change",
    "ChangeKind",
    "DeleteFile",
    "Edit",
    "EditEntries",
    "EditSettings",
    "FileImage",
    "FileStanding",
    "Intent",
    "Journal",
    "KeptAt",
    "MakeMonitor",
    "MoveFile",
    "Operation",
    "Record",
    "RemoteAction",
    "RemoveGuard",
    "RunSql",
    "Seen",
    "State",
    "UnreadableRecord",
    "WriteFile",
    "abandon",
    "apply",
    "build_operation",
    "decode",
    "encode",
    "find",
    "finish",
    "history",
    "new_operation_id",
    "past_operations",
    "read_journal",
    "read_operation",
    "read_record",
    "refuse_begun",
    "refuse_late",
    "refuse_unfinished",
    "revert",
    "standings",
    "unfinished",
]
