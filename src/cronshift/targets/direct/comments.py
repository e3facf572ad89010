"""The subjects of comments, in the languages that they are written in."""

from __future__ import annotations

import re

from cronshift.runtime.lazy_pattern import lazy_pattern

OF_CHECKS = lazy_pattern(
    r"auth|secret|verif|caller|protect|bearer|allowed|\bcheck|secur|token|guard|\bonly (?:vercel|cron)|\b(?:deny|reject|refuse)|"
    r"認証|検証|認可|確認|秘密|シークレット|トークン|인증|검증|확인|비밀|시크릿|토큰|[验驗][证證]|[认認][证證]|授[权權]|鉴权|密[钥鑰]|令牌|"
    r"autent|autoriz|autoris|\bv[eé]rif|secreto|segred|segreto|\bclave|senha|pr[uü]f|berechtig|geheim|schutz|schütz|"
    r"bảo mật|xác (?:thực|minh)|kiểm tra|otentik|otoris|rahasia|doğrula|yetki|провер|авториз|секрет|доступ|sprawd|uwierzyteln",
    re.IGNORECASE,
)
"""A check of who calls: one right above such a check goes with it."""
