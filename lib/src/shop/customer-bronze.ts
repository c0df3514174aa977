import { exported, given } from "./exported.js";

export const customers_raw = exported(
  "customers",
  {
    customer_id: given("The shop's customer number."),
    first_name: given("First name."),
    last_name: given("Last name."),
    email: given("E-mail address."),
    phone: given("Phone number."),
    city: given("City of the delivery address."),
    region: given("Region or state of the delivery address."),
    country: given("Country of the delivery address."),
    signup_date: given("When the customer signed up, ISO date or instant."),
    updated_at: given("When the shop last changed this customer, ISO instant."),
  },
  { person: "customer_id", personal: ["first_name", "last_name", "email", "phone", "city"] },
);

export const products_raw = exported("products", {
  product_id: given("The shop's product number."),
  product_name: given("Name as the shop shows it."),
  category: given("Category, one of eight in the simulated shop."),
  subcategory: given("Subcategory."),
  brand: given("Brand."),
  price: given("List price."),
  cost: given("Purchase cost."),
  updated_at: given("When the shop last changed this product, ISO instant."),
});

export const orders_raw = exported(
  "orders",
  {
    order_id: given("The shop's order number."),
    customer_id: given("Who ordered."),
    product_id: given("What was ordered."),
    quantity: given("How many units."),
    unit_price: given("Price of one unit."),
    total_amount: given("What the customer pays."),
    order_date: given("When the order was placed, ISO instant or date."),
    status: given("pending, completed, cancelled or refunded."),
    updated_at: given("When the shop last changed this order, ISO instant."),
  },
  { person: "customer_id" },
);
