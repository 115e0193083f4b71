// Reads the subset of Python's pickle (protocol 2) that torch.save writes, as plain data. It can build nothing but
// numbers, strings, arrays, Maps and what the caller's hooks return; any other opcode or class is refused.

import { PlumageError } from '../errors.ts';

/** Characters of a dictionary's key. Equal keys are compared to their end, and a pickle may name a long one again and again. */
const MAX_KEY = 1000;

/** A class or function named in the pickle. `call` is undefined when it may be mentioned but not called. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call?: (args: unknown[]) => unknown,
  ) {}
}

export interface PickleHooks {
  /** Every class or function that may occur, by its dotted name. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** Resolves a persistent id: torch's reference to a storage. */
  readonly persistent: (id: unknown) => unknown;
}

/**
 * The pickled value: dictionaries as Map, tuples and lists as arrays, None as null.
 * @throws PlumageError `weights`: for a class that `hooks` does not list, its name is in the message.
 */
export function readPickle(bytes: Uint8Array, where: string, hooks: PickleHooks): unknown {
  return new Unpickler(bytes, where, hooks).read();
}

class Unpickler {
  private at = 0;
  private readonly view: DataView;
  private readonly stack: unknown[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly where: string,
    private readonly hooks: PickleHooks,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(): unknown {
    for (;;) {
      const opcode = this.u8();
      // STOP
      if (opcode === 0x2e) return this.pop();
      const value = this.step(opcode);
      if (value !== NOTHING) this.stack.push(value);
    }
  }

  /** What the opcode pushes, or NOTHING. Names in the comments are those of Python's pickletools. */
  private step(opcode: number): unknown {
    switch (opcode) {
      case 0x80: // PROTO
        return this.protocol(this.u8());
      case 0x28: // MARK
        this.marks.push(this.stack.length);
        return NOTHING;
      case 0x71: // BINPUT
        return this.remember(this.u8());
      case 0x72: // LONG_BINPUT
        return this.remember(this.u32());
      case 0x68: // BINGET
        return this.recall(this.u8());
      case 0x6a: // LONG_BINGET
        return this.recall(this.u32());
      case 0x4e: // NONE
        return null;
      case 0x88: // NEWTRUE
        return true;
      case 0x89: // NEWFALSE
        return false;
      case 0x4b: // BININT1
        return this.u8();
      case 0x4d: // BININT2
        return this.u8() + 256 * this.u8();
      case 0x4a: // BININT
        return this.view.getInt32(this.skip(4), true);
      case 0x8a: // LONG1
        return this.long(this.u8());
      case 0x47: // BINFLOAT
        return this.view.getFloat64(this.skip(8), false);
      case 0x58: // BINUNICODE
        return this.text(this.u32());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return [];
      case 0x85: // TUPLE1
        return this.popMany(1);
      case 0x86: // TUPLE2
        return this.popMany(2);
      case 0x87: // TUPLE3
        return this.popMany(3);
      case 0x74: // TUPLE
        return this.popToMark();
      case 0x7d: // EMPTY_DICT
        return new Map();
      case 0x61: // APPEND
        return this.append(this.popMany(1));
      case 0x65: // APPENDS
        return this.append(this.popToMark());
      case 0x73: // SETITEM
        return this.setItems(this.popMany(2));
      case 0x75: // SETITEMS
        return this.setItems(this.popToMark());
      case 0x63: // GLOBAL
        return this.global();
      case 0x51: // BINPERSID
        return this.hooks.persistent(this.pop());
      case 0x52: // REDUCE
        return this.reduce();
      case 0x62: // BUILD
        return this.build();
      default:
        throw this.refuse(`pickle opcode 0x${opcode.toString(16)} is not one that torch.save writes`);
    }
  }

  private protocol(version: number): typeof NOTHING {
    if (version !== 2) throw this.refuse(`pickle protocol ${version} is not 2, torch.save's default`);
    return NOTHING;
  }

  private global(): PickleGlobal {
    const name = `${this.line()}.${this.line()}`;
    const found = this.hooks.globals.get(name);
    if (!found) throw this.refuse(`the pickle names the class ${JSON.stringify(name)}, which is not a part of weights`);
    return found;
  }

  private reduce(): unknown {
    const [callee, args] = this.popMany(2);
    if (!(callee instanceof PickleGlobal) || !callee.call || !Array.isArray(args)) {
      throw this.refuse('the pickle calls what is not a function');
    }
    return callee.call(args);
  }

  /** An OrderedDict gets its attributes this way (state_dict's `_metadata`); they hold no weights. */
  private build(): typeof NOTHING {
    this.pop();
    if (!(this.top() instanceof Map)) throw this.refuse('the pickle sets the state of what is not a dictionary');
    return NOTHING;
  }

  private append(items: unknown[]): typeof NOTHING {
    const list = this.top();
    if (!Array.isArray(list)) throw this.refuse('the pickle appends to what is not a list');
    for (const item of items) list.push(item);
    return NOTHING;
  }

  private setItems(items: unknown[]): typeof NOTHING {
    const map = this.top();
    if (!(map instanceof Map) || items.length % 2)
      throw this.refuse('the pickle sets items of what is not a dictionary');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key === 'string' && key.length > MAX_KEY) {
        throw this.refuse(`the pickle has a key of ${key.length} characters, expected at most ${MAX_KEY}`);
      }
      map.set(key, items[i + 1]);
    }
    return NOTHING;
  }

  private remember(index: number): typeof NOTHING {
    this.memo.set(index, this.top());
    return NOTHING;
  }

  private recall(index: number): unknown {
    if (!this.memo.has(index)) throw this.refuse('the pickle refers to a value that it has not stored');
    return this.memo.get(index);
  }

  private top(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.refuse("the pickle's stack is empty");
    return this.stack.at(-1);
  }

  private pop(): unknown {
    return this.popMany(1)[0];
  }

  private popMany(count: number): unknown[] {
    if (this.stack.length - count < (this.marks.at(-1) ?? 0)) throw this.refuse("the pickle's stack is empty");
    return this.stack.splice(this.stack.length - count);
  }

  private popToMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.refuse("the pickle's stack has no mark");
    return this.stack.splice(mark);
  }

  private u8(): number {
    return this.bytes[this.skip(1)]!;
  }

  private u32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  /** A little-endian two's complement integer. */
  private long(length: number): number {
    if (length > 8) throw this.refuse(`the pickle holds an integer of ${length} bytes`);
    const start = this.skip(length);
    let value = 0;
    for (let i = 0; i < length; i++) value += this.bytes[start + i]! * 256 ** i;
    return length && this.bytes[start + length - 1]! & 128 ? value - 256 ** length : value;
  }

  private text(length: number): string {
    const start = this.skip(length);
    return new TextDecoder().decode(this.bytes.subarray(start, start + length));
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > 200) throw this.refuse('a name in the pickle does not end');
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  /** Moves past `length` bytes and returns where they start. */
  private skip(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) throw this.refuse('the pickle ends too early');
    this.at += length;
    return start;
  }

  private refuse(what: string): PlumageError {
    return new PlumageError(
      'weights',
      `${this.where}: ${what} - in PyTorch, save only the weights: torch.save(model.state_dict(), file)`,
    );
  }
}

/** What `step` returns when the opcode pushes no value; None and False are values. */
const NOTHING = Symbol('nothing');
