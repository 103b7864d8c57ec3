package ${{ values.package }}.item;

import java.util.UUID;

/** There is no item with this id. */
public class ItemNotFoundException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ItemNotFoundException(UUID id) {
        super("No item has the id " + id);
    }
}
