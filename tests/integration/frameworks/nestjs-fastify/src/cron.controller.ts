import { CanActivate, Controller, ExecutionContext, Get, Headers, HttpException, Injectable, Param, Query, Redirect, Req, Res, UseGuards } from "@nestjs/common";
import type { FastifyReply, FastifyRequest } from "fastify";

@Injectable()
class CronGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const wanted = `Bearer ${process.env["CRON_SECRET"] ?? "?"}`;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (request.headers.authorization !== wanted) throw new HttpException({ error: "no" }, 401);
    return true;
  }
}

@Controller()
@UseGuards(CronGuard)
export class CronController {
  private calls = 0;

  @Get("cron/echo")
  echo(@Req() request: FastifyRequest, @Query("x") all: string[], @Headers("user-agent") agent: string) {
    return {
      search: new URL(request.url, "http://app").search,
      all,
      schedule: request.headers["x-vercel-cron-schedule"],
      agent,
    };
  }

  @Get("cron/flaky")
  flaky(@Res({ passthrough: true }) reply: FastifyReply) {
    this.calls += 1;
    if (this.calls % 2 === 0) return { calls: this.calls };
    reply.code(503).header("retry-after", "7");
    return "busy";
  }

  @Get("cron/gone")
  gone(): never {
    throw new HttpException({ error: "nothing here" }, 404);
  }

  @Get("cron/away")
  @Redirect("/login", 303)
  away(): void {}

  @Get("jobs/:job")
  job(@Param("job") job: string) {
    return { job };
  }
}
