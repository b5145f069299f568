package xenolith.xenstore;

/// A transaction in Java: sees the store as it was at its start and its own changes. Given by [StoreClient#transaction].
public final class StoreTransaction extends StoreOperations {
    private final Transaction transaction;

    StoreTransaction(Transaction transaction) {
        super(transaction);
        this.transaction = transaction;
    }

    Transaction transaction() {
        return transaction;
    }
}
