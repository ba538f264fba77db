#!/usr/bin/env node
// The Solidity compiler of the npm package `solc` behind the two options of the native one
// that forge, ape and py-solc-x use: --version and --standard-json. Further options only
// steer how native solc reads imports from disk; all callers here put every source into the
// input, so these options are accepted and change nothing.
//
// Named solc-v*, as py-solc-x and ape look for it, it also fills in what ape has no setting
// for: no metadata hash, so that ape's bytecode equals forge's. A native compiler, where
// there is one, then does the work.
"use strict";

const fs = require("fs");
const path = require("path");
const { spawnSync } = require("child_process");

const args = process.argv.slice(2);
const calledAs = path.resolve(process.argv[1]);
const compiler = path.resolve(path.dirname(calledAs), "../bin/solc");
const isNative =
  path.basename(calledAs).startsWith("solc-v") && fs.realpathSync(compiler) !== __filename;

function withoutMetadataHash(text) {
  const input = JSON.parse(text);
  input.settings = { metadata: { bytecodeHash: "none" }, ...input.settings };
  return JSON.stringify(input);
}

function main() {
  const isCompiling = args.includes("--standard-json");
  if (!isCompiling && !args.includes("--version")) {
    process.stderr.write("usage: solc --version | solc --standard-json < input.json\n");
    process.exitCode = 1;
    return;
  }
  let input = isCompiling ? fs.readFileSync(0, "utf8") : "";
  if (isCompiling && path.basename(calledAs).startsWith("solc-v")) input = withoutMetadataHash(input);

  if (isNative) {
    const run = spawnSync(compiler, args, { input, maxBuffer: 2 ** 30, stdio: ["pipe", "inherit", "inherit"] });
    if (run.error) throw run.error;
    process.exitCode = run.status ?? 1;
    return;
  }
  const solc = require("solc");
  if (isCompiling) process.stdout.write(solc.compile(input) + "\n");
  else process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
}

main();
