from callers import is_secret
from flask import Blueprint, Flask, request

from replies import failed, ok
from upstream import ask

cron = Blueprint("cron", __name__, url_prefix="/api/cron")


@cron.route("/x", methods=["GET", "POST"])
def tick():
    if not is_secret(request.headers.get("Authorization", "")):
        return failed("no", 401)
    rows = ask("rows")["rows"]
    if not rows:
        return failed("there are no rows", 404)
    if len(rows) == 1:
        return failed("one is too few")
    return ok({"rows": rows}, status=202)


service = Flask(__name__)
service.register_blueprint(cron)
app = service
