declare module '*.wgsl' {
  const shader: import('./kernels/shader.ts').Shader;
  export default shader;
}
