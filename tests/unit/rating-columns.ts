/** The columns of what the page "products" asks of ratings. */
export const ratingColumns = {
  number: "integer",
  reviews: "integer",
  stars_1: "integer",
  stars_2: "integer",
  stars_3: "integer",
  stars_4: "integer",
  stars_5: "integer",
} as const;
