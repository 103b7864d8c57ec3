package ${{ values.package }}.item;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Where items are kept. */
public interface ItemStore {

    void save(Item item);

    Optional<Item> find(UUID id);

    /** The newest items first, at most {@code limit} of them. */
    List<Item> newest(int limit);
}
