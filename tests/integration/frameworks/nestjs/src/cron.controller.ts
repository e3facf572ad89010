import { Controller, Get, Headers, HttpCode, HttpException, Param, Query, Redirect, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";

@Controller()
export class CronController {
  private calls = 0;

  @Get("cron/echo")
  echo(@Req() request: Request, @Query("x") all: string[], @Headers("authorization") bearer?: string) {
    this.refuse(bearer);
    return {
      search: new URL(request.originalUrl, "http://app").search,
      all,
      schedule: request.headers["x-vercel-cron-schedule"],
      agent: request.headers["user-agent"],
    };
  }

  @Get("cron/flaky")
  flaky(@Res() response: Response, @Headers("authorization") bearer?: string) {
    this.refuse(bearer);
    this.calls += 1;
    if (this.calls % 2 === 1) response.status(503).set("retry-after", "7").send("busy");
    else response.json({ calls: this.calls });
  }

  @Get("cron/gone")
  gone(): never {
    throw new HttpException({ error: "nothing here" }, 404);
  }

  @Get("cron/away")
  @HttpCode(303)
  @Redirect("/login", 303)
  away(): void {}

  @Get("jobs/:job")
  job(@Param("job") job: string, @Headers("authorization") bearer?: string) {
    this.refuse(bearer);
    return { job };
  }

  private refuse(bearer?: string): void {
    const wanted = `Bearer ${process.env["CRON_SECRET"] ?? "?"}`;
    if (bearer !== wanted) throw new HttpException({ error: "no" }, 401);
  }
}
