/**
 * Owns: what the command palette offers for the notebook that is looked at: its history, what may have been
 * overwritten, what is lost, what others changed.
 * Must not know: how versions are kept.
 * Invariant: nothing is done to a notebook that is not saved first; what is done is a version that can be undone
 * in turn.
 */

import { choosing } from './conflicts.js';
import { TYPE } from './editor.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookDocument} NotebookDocument */
/** @typedef {import('./commands.js').Commands} Commands */
/** @typedef {import('./commands.js').Version} Version */

const SCHEME = 'nbmerge-version';

/**
 * @param {VSCode} vscode
 * @param {() => Commands} commands
 * @param {(document: NotebookDocument) => number | null} before the version that a notebook went on from before
 * others' saves came into it; null: none came
 * @param {() => void} showLog
 * @returns {import('vscode').Disposable[]}
 */
export function historyCommands(vscode, commands, before, showLog) {
  const history = new History(vscode, commands, before);
  /** @param {string} name @param {(document: NotebookDocument) => Promise<void>} work */
  const command = (name, work) =>
    vscode.commands.registerCommand(name, async () => {
      const document = vscode.window.activeNotebookEditor?.notebook;
      if (document?.notebookType !== TYPE || document.uri.scheme !== 'file') {
        void vscode.window.showInformationMessage('nbmerge: open a Jupyter notebook first.');
        return;
      }
      await said(vscode, work(document));
    });
  return [
    vscode.workspace.registerFileSystemProvider(SCHEME, versionsAsFiles(vscode, commands), { isReadonly: true }),
    command('nbmerge.history', document => history.versions(document)),
    command('nbmerge.doubts', document => history.doubts(document)),
    command('nbmerge.lost', document => history.lost(document)),
    command('nbmerge.changes', document => history.changes(document)),
    vscode.commands.registerCommand('nbmerge.log', showLog),
    choosing(vscode, cell => said(vscode, history.base(cell)))
  ];
}

class History {
  /**
   * @param {VSCode} vscode
   * @param {() => Commands} commands
   * @param {(document: NotebookDocument) => number | null} before
   */
  constructor(vscode, commands, before) {
    this.vscode = vscode;
    this.commands = commands;
    this.before = before;
  }

  /** @param {NotebookDocument} document */
  async versions(document) {
    const found = await this.commands().versions(document.uri.fsPath);
    const picked = await this._pick('Versions of this notebook, the newest first', [...found].reverse().map(inPicker));
    if (picked) await this._compareOrRestore(document, picked.value);
  }

  /** @param {NotebookDocument} document */
  async doubts(document) {
    const path = document.uri.fsPath;
    const open = (await this.commands().versions(path)).filter(one => one.open);
    if (!open.length) {
      void this.vscode.window.showInformationMessage('nbmerge: no save of this notebook seems to have been overwritten.');
      return;
    }
    const merge = { label: '$(git-merge) Merge them into the notebook', description: '', value: null };
    const picked = await this._pick('A later save may have overwritten these', [merge, ...open.map(inPicker)]);
    if (picked?.value) await this.compare(document, picked.value.version);
    else if (picked && (await this._saved(document))) await this.commands().recover(path);
  }

  /** @param {NotebookDocument} document */
  async lost(document) {
    if (!(await this._saved(document))) return;
    const path = document.uri.fsPath;
    const found = await this.commands().lost(path);
    const items = found.map(one => ({
      label: one.text.split('\n').find(line => line.trim()) ?? one.kind,
      description: `${one.kind === 'cell' ? 'cell' : `${one.kind} of cell`} ${one.cell}, went ${when(one.time)}`,
      detail: one.writer && `by ${one.writer}`,
      value: one.number
    }));
    const picked = await this._pick('Saved once and not in the notebook now: choose what to put back', items);
    if (picked) await this.commands().putBack(path, picked.value);
  }

  /** What others changed. @param {NotebookDocument} document */
  async changes(document) {
    const number = this.before(document);
    if (number !== null) await this.compare(document, number, "before others' changes");
    else await this.versions(document);
  }

  /**
   * A version beside the notebook, in VS Code's own view.
   * @param {NotebookDocument} document
   * @param {number} version
   * @param {string} words what it is called
   */
  async compare({ uri }, version, words = `version ${version}`) {
    const old = uri.with({ scheme: SCHEME, query: String(version) });
    const title = `${uri.path.split('/').at(-1)}: ${words} and now`;
    await this.vscode.commands.executeCommand('vscode.diff', old, uri, title);
  }

  /** @param {import('vscode').NotebookCell} cell */
  async base(cell) {
    const { notebook } = cell;
    const name = typeof cell.metadata.id === 'string' ? cell.metadata.id : String(cell.index + 1);
    if (await this._saved(notebook)) await this.commands().takeBase(notebook.uri.fsPath, name);
  }

  /**
   * @param {NotebookDocument} document
   * @param {Version} version
   */
  async _compareOrRestore(document, version) {
    const compare = 'Compare with the notebook as it is now';
    const restore = 'Restore this version';
    const picked = await this.vscode.window.showQuickPick([compare, restore], { title: `Version ${version.version}` });
    if (picked === compare) await this.compare(document, version.version);
    if (picked === restore && (await this._saved(document))) {
      await this.commands().restore(document.uri.fsPath, version.version);
    }
  }

  /**
   * @template T
   * @param {string} title
   * @param {{label: string, description: string, value: T}[]} items
   */
  async _pick(title, items) {
    if (!items.length) void this.vscode.window.showInformationMessage('nbmerge: there is nothing to show.');
    return items.length
      ? this.vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true })
      : undefined;
  }

  /** @param {NotebookDocument} document */
  async _saved(document) {
    if (!document.isDirty || (await document.save())) return true;
    void this.vscode.window.showWarningMessage('nbmerge: the notebook could not be saved; nothing was done.');
    return false;
  }
}

/** @param {Version} version */
function inPicker(version) {
  const mark = version.head ? '$(check) ' : version.open ? '$(question) ' : '';
  return {
    label: `${mark}@${version.version}  ${version.changes?.text || version.origin}`,
    description: `${when(version.time)}${version.writer && `, ${version.writer}`}`,
    value: version
  };
}

/** @param {string} time */
const when = time => new Date(time).toLocaleString();

/**
 * @param {VSCode} vscode
 * @param {Promise<void>} work
 */
async function said(vscode, work) {
  try {
    await work;
  } catch (error) {
    void vscode.window.showErrorMessage(`nbmerge: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Versions for VS Code's views, which want files.
 * @param {VSCode} vscode
 * @param {() => Commands} commands
 * @returns {import('vscode').FileSystemProvider}
 */
function versionsAsFiles(vscode, commands) {
  const refuse = () => {
    throw vscode.FileSystemError.NoPermissions('a version is not changed');
  };
  return {
    onDidChangeFile: new vscode.EventEmitter().event,
    watch: () => new vscode.Disposable(() => undefined),
    stat: () => ({ type: vscode.FileType.File, ctime: 0, mtime: 0, size: 0 }),
    readFile: uri => commands().content(uri.with({ scheme: 'file', query: '' }).fsPath, Number(uri.query)),
    readDirectory: () => [],
    createDirectory: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse
  };
}
