#!/usr/bin/env node
// The Solidity compiler of the npm package `solc`, behind the two options of the native
// `solc` that forge, ape and py-solc-x use. Other options (--base-path, --allow-paths, ...)
// only steer how native solc reads imports from disk; callers here put every source into
// the input, so they are accepted and change nothing.
"use strict";

const fs = require("fs");
const solc = require("solc");

const args = process.argv.slice(2);
if (args.includes("--version")) {
  process.stdout.write(
    `solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`
  );
} else if (args.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")) + "\n");
} else {
  process.stderr.write("usage: solc --version | solc --standard-json < input.json\n");
  process.exitCode = 1;
}
