// `plumage/node`: adapters by Dawn, photos by sharp, the ImageNet weights by npm's client.

export { type AdapterReport, openAdapter, releaseAdapters } from './node/adapter.ts';
export { launchBrowser } from './node/browser.ts';
export { cacheFolder } from './node/cache.ts';
export { keptChoices } from './node/choices.ts';
export { decodePhoto } from './node/decode.ts';
export { fetchImagenet } from './node/fetchWeights.ts';
