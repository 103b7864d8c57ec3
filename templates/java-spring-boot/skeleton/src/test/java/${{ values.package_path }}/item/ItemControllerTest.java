package ${{ values.package }}.item;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.WebMvcTest;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.MockMvc;

@WebMvcTest(ItemController.class)
class ItemControllerTest {

    private static final UUID ID = UUID.fromString("7f1c9a52-31d1-4f6b-9d5e-0f2f6a3c1b11");
    private static final Item ITEM = new Item(ID, "first", Instant.parse("2025-01-01T12:00:00Z"));

    @Autowired
    private MockMvc mvc;

    @MockitoBean
    private ItemService items;

    @Test
    void createsAndSaysWhere() throws Exception {
        when(items.create(new NewItem("first"))).thenReturn(ITEM);

        mvc.perform(post("/v1/items").contentType(MediaType.APPLICATION_JSON).content("{\"name\":\"first\"}"))
                .andExpect(status().isCreated())
                .andExpect(header().string("Location", "http://localhost/v1/items/" + ID))
                .andExpect(jsonPath("$.createdAt").value("2025-01-01T12:00:00Z"));
    }

    @Test
    void refusesABlankNameAndNamesTheField() throws Exception {
        mvc.perform(post("/v1/items").contentType(MediaType.APPLICATION_JSON).content("{\"name\":\" \"}"))
                .andExpect(status().isBadRequest())
                .andExpect(content().contentType(MediaType.APPLICATION_PROBLEM_JSON))
                .andExpect(jsonPath("$.type").value("urn:problem:invalid-request"))
                .andExpect(jsonPath("$.errors[0].field").value("name"));
        verifyNoInteractions(items);
    }

    @Test
    void refusesWhatIsNotInTheContract() throws Exception {
        for (var body : List.of("{\"name\":\"a\",\"extra\":1}", "not json", "")) {
            mvc.perform(post("/v1/items").contentType(MediaType.APPLICATION_JSON).content(body))
                    .andExpect(status().isBadRequest())
                    .andExpect(content().contentType(MediaType.APPLICATION_PROBLEM_JSON));
        }
        mvc.perform(get("/v1/items/not-a-uuid")).andExpect(status().isBadRequest());
        mvc.perform(get("/v1/nothing"))
                .andExpect(status().isNotFound())
                .andExpect(content().contentType(MediaType.APPLICATION_PROBLEM_JSON));
        verifyNoInteractions(items);
    }

    @Test
    void getsOneOrAProblem() throws Exception {
        when(items.get(ID)).thenReturn(ITEM);
        mvc.perform(get("/v1/items/{id}", ID)).andExpect(status().isOk()).andExpect(jsonPath("$.name").value("first"));

        when(items.get(any())).thenThrow(new ItemNotFoundException(ID));
        mvc.perform(get("/v1/items/{id}", ID))
                .andExpect(status().isNotFound())
                .andExpect(content().contentType(MediaType.APPLICATION_PROBLEM_JSON))
                .andExpect(jsonPath("$.type").value("urn:problem:item-not-found"));
    }

    @Test
    void listsWithinTheLimit() throws Exception {
        when(items.newest(20)).thenReturn(List.of(ITEM));
        mvc.perform(get("/v1/items")).andExpect(status().isOk()).andExpect(jsonPath("$.length()").value(1));
        mvc.perform(get("/v1/items").param("limit", "101"))
                .andExpect(status().isBadRequest())
                .andExpect(content().contentType(MediaType.APPLICATION_PROBLEM_JSON));
    }

    @Test
    void anUnexpectedErrorSaysNothingAboutTheInside() throws Exception {
        when(items.get(ID)).thenThrow(new IllegalStateException("password of the database is hunter2"));
        mvc.perform(get("/v1/items/{id}", ID))
                .andExpect(status().isInternalServerError())
                .andExpect(jsonPath("$.detail").value("The service failed unexpectedly."));
    }
}
