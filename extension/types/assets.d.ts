// What the bundler understands and TypeScript does not know by itself.

declare module "*.css";
