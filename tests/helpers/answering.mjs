/**
 * Owns: how a script under node is told what to do: a line of JSON for each command, and one for what came of it.
 * Must not know: what the commands do.
 * Invariant: each command has one answer, which `told` completes once all that it set going had its turn.
 */

import { createInterface } from 'node:readline';

/**
 * Carry out commands until there are no more.
 * @param {Record<string, (given: any) => any>} commands a promise is waited for
 * @param {() => {requests: any[], errors: any[], later: number}} told what has happened since it was last asked
 * @param {number} turns of the event loop that a command is given
 */
export async function answer(commands, told, turns = 0) {
  for await (const line of createInterface({ input: process.stdin })) {
    let result = null;
    let error = null;
    try {
      const { do: what, ...given } = JSON.parse(line);
      result = (await commands[what](given)) ?? null;
    } catch (problem) {
      error = String(problem.stack);
    }
    for (let i = 0; i < turns; i++) await new Promise(done => setImmediate(done));
    process.stdout.write(`${JSON.stringify({ result, error, ...told() })}\n`);
  }
  process.exit(); // a real shared model has timers
}
