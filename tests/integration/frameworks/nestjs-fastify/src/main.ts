import "reflect-metadata";

import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";

import { AppModule } from "./app.module";

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule,
    new FastifyAdapter({ bodyLimit: 10 }),
    { logger: false },
  );
  app.setGlobalPrefix("api");
  await app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1");
}

void bootstrap();
