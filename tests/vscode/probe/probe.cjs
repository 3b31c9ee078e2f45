/**
 * Owns: a way into a window of VS Code for tests: whatever is sent to its port is run with `vscode` at hand; and
 * a kernel that prints a number every so often.
 * Must not know: what is tested.  Invariant: it is only ever installed beside tests.
 */

const { createServer } = require('node:http');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

const kept = { running: 0, cancels: 0 }; // what a test keeps between two calls; and runs that go on, or were cancelled

async function run(code) {
  const work = new Function('vscode', 'kept', 'require', `return (async () => { ${code} })();`);
  return JSON.stringify({ result: (await work(vscode, kept, require)) ?? null });
}

/** A cell's first line says how often it prints, and how many milliseconds it waits before each. */
function kernel() {
  const controller = vscode.notebooks.createNotebookController('counting', 'jupyter-notebook', 'Counting');
  let count = 0;
  controller.executeHandler = async cells => {
    for (const cell of cells) {
      const execution = controller.createNotebookCellExecution(cell);
      kept.cancelled = false;
      kept.running++;
      execution.token.onCancellationRequested(() => {
        kept.cancelled = true;
        kept.cancels++;
      });
      execution.executionOrder = ++count;
      execution.start(Date.now());
      await execution.clearOutput();
      const [times, pause] = (cell.document.getText().match(/\d+/g) ?? ['1', '1']).map(Number);
      for (let i = 0; i < times && !kept.cancelled; i++) {
        await new Promise(done => setTimeout(done, pause));
        const item = vscode.NotebookCellOutputItem.stdout(`${i}\n`);
        await execution.appendOutput(new vscode.NotebookCellOutput([item]));
      }
      execution.end(!kept.cancelled, Date.now());
      kept.running--;
    }
  };
  return controller;
}

exports.activate = context => {
  context.subscriptions.push(kernel());
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', part => parts.push(part));
    request.on('end', async () => {
      const failed = error => JSON.stringify({ error: String(error.stack) });
      response.end(await run(Buffer.concat(parts).toString()).catch(failed));
    });
  });
  const told = () => writeFileSync(join(process.env.NBMERGE_PROBES, `${process.pid}`), String(server.address().port));
  server.listen(0, '127.0.0.1', told);
};
