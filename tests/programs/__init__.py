"""Programs that tests run in processes of their own; each says what it does and takes."""

from pathlib import Path

HERE = Path(__file__).parent
