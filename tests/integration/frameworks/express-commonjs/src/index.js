const { app } = require("./app");

module.exports = app;
