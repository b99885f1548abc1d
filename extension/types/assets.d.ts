// What the bundler understands and TypeScript does not know by itself.

declare module "*.css";

declare module "plotly.js-basic-dist-min" {
  import Plotly from "plotly.js";
  export * from "plotly.js";
  export default Plotly;
}
