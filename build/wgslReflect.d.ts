// wgsl_reflect's default entry is CommonJS in an ESM package; its module file carries no types of its own.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
