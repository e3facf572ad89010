const app = require("./index");

app.listen(Number(process.env.PORT), "127.0.0.1");
