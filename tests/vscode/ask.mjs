/**
 * Asks a program as the extension does: the words on the command line are the extension's folder, the questions as
 * JSON ([call, members], milliseconds to wait, or a file to copy as {from, to}), and the program.  Prints what came of it as one JSON object.
 */

import { copyFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , folder, questions, ...command] = process.argv;
const { Service } = await import(pathToFileURL(`${folder}/service.js`).href);
const told = { answers: [], changed: [], states: [], log: [] };
const service = new Service(command, {
  changed: (path, version) => told.changed.push([path, version]),
  state: problem => told.states.push(problem),
  log: line => told.log.push(line)
});
for (const question of JSON.parse(questions)) {
  if (typeof question === 'number') await new Promise(done => setTimeout(done, question));
  else if ('from' in question) copyFileSync(question.from, question.to);
  else {
    const [call, members] = question;
    const asked = call === 'follow' ? service.follow(members.path) : service.ask(call, members);
    told.answers.push(await asked.catch(error => ({ failed: error.reason, why: error.message })));
  }
}
service.stop();
process.stdout.write(JSON.stringify(told), () => process.exit());
