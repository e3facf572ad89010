declare global {
  namespace App {
    interface Locals {
      name: string;
    }
  }
}

export {};
