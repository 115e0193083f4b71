// `plumage/train`: a head for classes of one's own in seconds, and the training of a whole network. For pages, workers and Node;
// apart from the engine, so that a page that only classifies does not carry it.

import 'plumage:shaders';

export type { Example } from './train/examples.ts';
export {
  type CrossValidateOptions,
  crossValidate,
  type TeachOptions,
  teach,
  type Validation,
} from './train/fewShot.ts';
export { Head, type HeadParts } from './train/head.ts';
export type { TeachProgress } from './train/lesson.ts';
export { type TrainerOptions, type TrainingPlans, trainingPlans } from './train/plans.ts';
export { checkRecipe, type Recipe } from './train/recipe.ts';
export { frozenOf, ratesOf, stepsPerEpoch } from './train/schedule.ts';
export { type Rates, type StepImage, type StepResult, Trainer, type TrainingImage } from './train/trainer.ts';
