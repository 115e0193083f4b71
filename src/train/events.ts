// What a run tells while it goes on: the lines of metrics.jsonl, written, read and cut where a run goes on from a checkpoint.

/** A run began or went on. */
export interface RunEvent {
  readonly kind: 'run';
  readonly time: string;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly images: number;
  readonly adapter: string;
}

/** Means over the steps since the line before it. */
export interface StepEvent {
  readonly kind: 'step';
  /** 0-based. */
  readonly epoch: number;
  /** Steps done in all. */
  readonly step: number;
  readonly loss: number;
  /** Share of the batches' images that the network, in training mode, said right. */
  readonly accuracy: number;
  readonly lr: number;
  readonly backboneLr: number;
  readonly imagesPerSecond: number;
  /** Share of the time in which the GPU had nothing to do, for the next photos were not decoded yet. */
  readonly waited: number;
}

export interface EpochEvent extends Omit<StepEvent, 'kind'> {
  readonly kind: 'epoch';
  readonly seconds: number;
  /** Images that could not be read. */
  readonly skipped: number;
}

export interface EvaluationEvent {
  readonly kind: 'evaluation';
  /** Epochs done. */
  readonly epoch: number;
  readonly step: number;
  readonly of: 'held' | 'test';
  readonly images: number;
  /** Shares that are right: of the decision, and where there are branches of the concatenated ones alone. */
  readonly top1: number;
  readonly concat?: number;
  /** Mean row entropy of channel-group attention, as a share of the largest: near 0 its softmax has saturated. */
  readonly entropy?: number;
  /** The weights of the run's end, or those that were chosen. */
  readonly final?: boolean;
}

/** The last line of a run that came to its end. */
export interface EndEvent {
  readonly kind: 'end';
  readonly time: string;
}

export type TrainingEvent = RunEvent | StepEvent | EpochEvent | EvaluationEvent | EndEvent;

export const eventLine = (event: TrainingEvent): string => `${JSON.stringify(event)}\n`;

/** The events of a metrics file. Lines that are none, such as a last one that was cut off, are left out. */
export function readEvents(text: string): TrainingEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      const event: unknown = JSON.parse(line);
      return isEvent(event) ? [event] : [];
    } catch {
      return [];
    }
  });
}

const KINDS = ['run', 'step', 'epoch', 'evaluation', 'end'];

function isEvent(value: unknown): value is TrainingEvent {
  return typeof value === 'object' && value !== null && 'kind' in value && KINDS.includes(String(value.kind));
}

/** The events up to where a run goes on: what came after the checkpoint happens again. */
export function eventsBefore(
  events: readonly TrainingEvent[],
  at: { step: number; evaluated: number },
): TrainingEvent[] {
  return events.filter((event) => {
    if (event.kind === 'run' || event.kind === 'end') return event.kind === 'run';
    if (event.kind === 'evaluation') return !event.final && event.epoch <= at.evaluated;
    return event.step <= at.step;
  });
}
