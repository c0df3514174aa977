/** The four states of an order. Only completed orders count as revenue. */
export const orderStatus = ["pending", "completed", "cancelled", "refunded"] as const;
