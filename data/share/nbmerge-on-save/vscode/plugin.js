/**
 * Owns: which notebooks take part, and which of VS Code's events go to which of them.
 * Must not know: what becomes of them.
 * Invariant: a notebook that is no file here, or is no Jupyter notebook, is left alone; switched off, nothing
 * runs and nothing is listened to.
 */

import { basename } from 'node:path';

import { Commands } from './commands.js';
import { conflictLenses } from './conflicts.js';
import { TYPE } from './editor.js';
import { Focus } from './focus.js';
import { hearing } from './hearing.js';
import { historyCommands } from './history.js';
import { commandOf } from './program.js';
import { Service, serverFor } from './service.js';
import { Session } from './session.js';
import { Status } from './status.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookDocument} NotebookDocument */

const MEMORY = 'version:';
/** @type {import('./session.js').Clock} */
const CLOCK = {
  after: (milliseconds, work) => setTimeout(work, milliseconds),
  cancel: handle => clearTimeout(handle),
  now: () => Date.now(),
  chance: () => Math.random()
};

export class Plugin {
  /**
   * @param {VSCode} vscode
   * @param {import('vscode').ExtensionContext} context
   */
  constructor(vscode, context) {
    this.vscode = vscode;
    this.context = context;
    /** @type {Map<NotebookDocument, Session>} */
    this.sessions = new Map();
    /** @type {import('vscode').Disposable[]} */
    this._running = [];
    /** @type {Map<NotebookDocument, {dispose: () => void}>} */
    this._watchers = new Map();
    const log = vscode.window.createOutputChannel('nbmerge', { log: true });
    this.status = new Status(vscode, log);
    this.focus = new Focus(vscode);
    /** @type {Service | null} */
    this.service = null;
    this.command = commandOf(vscode, context.extensionPath);
    context.subscriptions.push(
      log,
      this.status,
      ...historyCommands(
        vscode,
        () => new Commands(this.command),
        document => this.sessions.get(document)?.before ?? null,
        () => log.show()
      ),
      vscode.workspace.onDidChangeConfiguration(event => {
        if (event.affectsConfiguration('nbmerge')) this._restart();
      })
    );
    this._restart();
  }

  stop() {
    for (const session of this.sessions.values()) session.close();
    this.sessions.clear();
    this.service?.stop();
    for (const one of [...this._running.splice(0), ...this._watchers.values()]) one.dispose();
    this._watchers.clear();
  }

  _restart() {
    this.stop();
    this.service = null;
    this.status.problem(null);
    if (!this.vscode.workspace.getConfiguration('nbmerge').get('merge', true)) return;
    this.command = commandOf(this.vscode, this.context.extensionPath);
    this.service = new Service([...this.command, 'serve'], {
      changed: path => this._of(path)?.fileChanged(),
      state: problem => this.status.problem(problem),
      log: line => this.status.log(line)
    });
    this._listen();
    for (const document of this.vscode.workspace.notebookDocuments) this._opened(document);
  }

  _listen() {
    const { workspace, window, languages } = this.vscode;
    this._running.push(
      workspace.onDidOpenNotebookDocument(document => this._opened(document)),
      workspace.onDidCloseNotebookDocument(document => this._closed(document)),
      workspace.onDidChangeNotebookDocument(event => {
        const session = this.sessions.get(event.notebook);
        session?.changed(event);
        void this.focus.changed(event, session?.editor.isArranging ?? false);
      }),
      workspace.onDidChangeTextDocument(event => {
        if (event.reason !== undefined) for (const session of this.sessions.values()) session.textChanged(event);
      }),
      workspace.onWillSaveNotebookDocument(event => {
        const session = this.sessions.get(event.notebook);
        if (session) event.waitUntil(session.willSave());
      }),
      workspace.onDidSaveNotebookDocument(document => void this.sessions.get(document)?.didSave()),
      window.onDidChangeTextEditorSelection(event => this.focus.moved(event)),
      window.onDidChangeActiveTextEditor(() => this.focus.note()),
      window.onDidChangeVisibleTextEditors(() => void this.focus.viewed()),
      window.onDidChangeActiveNotebookEditor(() => this.status.shows()),
      languages.registerCodeLensProvider({ notebookType: TYPE }, conflictLenses(this.vscode))
    );
  }

  /** @param {NotebookDocument} document */
  _opened(document) {
    if (document.notebookType !== TYPE || document.uri.scheme !== 'file' || !this.service) return;
    const path = document.uri.fsPath;
    const { workspaceState } = this.context;
    const memory = {
      /** @param {string} key @returns {string | undefined} */
      get: key => workspaceState.get(MEMORY + key),
      /** @param {string} key @param {string} version */
      set: (key, version) => void workspaceState.update(MEMORY + key, version)
    };
    const server = serverFor(this.service, path, this.vscode.env.appName);
    const session = new Session(this.vscode, document, server, memory, this.status, CLOCK);
    this.sessions.set(document, session);
    void session.open();
    const watcher = this.vscode.workspace.createFileSystemWatcher(
      new this.vscode.RelativePattern(this.vscode.Uri.joinPath(document.uri, '..'), basename(path))
    );
    watcher.onDidChange(() => session.fileChanged());
    watcher.onDidCreate(() => session.fileChanged());
    const ears = hearing(path, () => session.heard());
    this._watchers.set(document, {
      dispose: () => {
        watcher.dispose();
        ears.dispose();
      }
    });
    void this.service.follow(path).catch(error => this.status.log(`${path}: ${error.message}`));
  }

  /** @param {NotebookDocument} document */
  _closed(document) {
    this.sessions.get(document)?.close();
    this.sessions.delete(document);
    this._watchers.get(document)?.dispose();
    this._watchers.delete(document);
    void this.service?.unfollow(document.uri.fsPath).catch(() => undefined);
  }

  /** @param {string} path */
  _of(path) {
    return [...this.sessions].find(([document]) => document.uri.fsPath === path)?.[1];
  }
}

/**
 * @param {VSCode} vscode
 * @param {import('vscode').ExtensionContext} context
 */
export const start = (vscode, context) => new Plugin(vscode, context);
