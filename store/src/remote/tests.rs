mod address;
mod answers;
mod batches;
mod following;
mod retries;
mod server;
mod watches;
