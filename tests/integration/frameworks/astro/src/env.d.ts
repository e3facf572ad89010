declare namespace App {
  interface Locals {
    name: string;
  }
}
