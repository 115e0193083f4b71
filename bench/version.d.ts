/** This package's version, put in by build/build.mjs. */
declare const PLUMAGE_VERSION: string;
