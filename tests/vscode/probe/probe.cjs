/**
 * Owns: a way into a window of VS Code for tests: whatever is sent to its port is run with `vscode` at hand.
 * Must not know: what is tested.  Invariant: it is only ever installed beside tests.
 */

const { createServer } = require('node:http');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

const kept = {}; // what a test keeps between two calls

async function run(code) {
  const work = new Function('vscode', 'kept', 'require', `return (async () => { ${code} })();`);
  return JSON.stringify({ result: (await work(vscode, kept, require)) ?? null });
}

exports.activate = () => {
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', part => parts.push(part));
    request.on('end', async () => {
      const answer = await run(Buffer.concat(parts).toString()).catch(error => JSON.stringify({ error: String(error.stack) }));
      response.end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => writeFileSync(join(process.env.NBMERGE_PROBES, `${process.pid}`), String(server.address().port)));
};
